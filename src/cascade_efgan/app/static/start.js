// The first screen: a photograph from a file, a drop, the clipboard or the camera, and a zip of many.

import * as api from "./api.js";
import { megabytes, save, say, complain, clear } from "./words.js";

const at = (id) => document.getElementById(id);

/** Connect the first screen; `opened(blob)` gets a photograph that is not too large. */
export function connectStart(about, opened) {
  const open = (blob) => {
    clear();
    if (blob.size > about.limits.upload_bytes) {
      complain(`This file has ${megabytes(blob.size)}; choose one of at most ${megabytes(about.limits.upload_bytes)}.`);
    } else {
      opened(blob);
    }
  };
  describe(about);
  connectFiles(open);
  connectCamera(open);
  connectBatch(about);
}

function describe(about) {
  const { limits } = about;
  at("limits").textContent = `JPEG, PNG, WebP, TIFF or BMP, up to ${megabytes(limits.upload_bytes)}.`;
  at("batch-limits").textContent =
    `At most ${limits.batch_photographs} photographs and ${megabytes(limits.zip_bytes)}.`;
  at("place").textContent = about.local
    ? "The edit happens on this computer; nothing leaves it."
    : "The edit happens on the computer that serves this page.";
  at("age").textContent = `${Math.round(limits.session_seconds / 60)} minutes without use`;
}

function connectFiles(open) {
  const file = at("file");
  at("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length) open(file.files[0]);
    file.value = "";
  });
  let inside = 0;
  addEventListener("dragenter", () => { inside += 1; at("drop").classList.add("over"); });
  addEventListener("dragleave", () => { inside -= 1; if (!inside) at("drop").classList.remove("over"); });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    at("drop").classList.remove("over");
    const dropped = event.dataTransfer.files;
    if (dropped.length > 1) complain("Drop one photograph; for many, put them in a zip.");
    else if (dropped.length) open(dropped[0]);
  });
  addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
    if (pasted) open(pasted);
  });
}

function connectCamera(open) {
  const video = at("video");
  let stream = null;
  const close = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    at("camera").hidden = true;
  };
  at("camera-open").addEventListener("click", async () => {
    clear();
    if (!navigator.mediaDevices?.getUserMedia) {
      complain("The browser gives the camera only to pages of this computer or over https.");
      return;
    }
    try {
      close();
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } }, audio: false });
    } catch (error) {
      complain(error.name === "NotAllowedError"
        ? "The camera was not allowed: allow it in the browser, or choose a file."
        : "No camera was found: choose a file instead.");
      return;
    }
    video.srcObject = stream;
    at("camera").hidden = false;
    await video.play();
    at("camera-take").focus();
  });
  at("camera-close").addEventListener("click", () => { close(); at("camera-open").focus(); });
  at("camera-take").addEventListener("click", () => {
    const shot = document.createElement("canvas");
    shot.width = video.videoWidth;
    shot.height = video.videoHeight;
    shot.getContext("2d").drawImage(video, 0, 0);
    shot.toBlob((blob) => { close(); open(blob); }, "image/png");
  });
  addEventListener("pagehide", close);
}

function connectBatch(about) {
  const choice = at("batch-expression");
  for (const name of Object.keys(about.expressions)) choice.append(new Option(name, name));
  if ("happy" in about.expressions) choice.value = "happy";
  at("batch-choose").addEventListener("click", () => { at("batch").hidden = false; choice.focus(); });
  at("batch-close").addEventListener("click", () => { at("batch").hidden = true; at("batch-choose").focus(); });
  const file = at("batch-file");
  file.addEventListener("change", async () => {
    const [zip] = file.files;
    file.value = "";
    if (!zip) return;
    clear();
    if (zip.size > about.limits.zip_bytes) {
      complain(`This zip has ${megabytes(zip.size)}; choose one of at most ${megabytes(about.limits.zip_bytes)}.`);
      return;
    }
    at("batch-progress").hidden = false;
    file.disabled = true;
    say("Editing the photographs of the zip.");
    try {
      save(await api.editZip(zip, choice.value), "edited.zip");
      say("Done: edited.zip was downloaded; its report.csv says what became of each photograph.");
    } catch (error) {
      complain(error.message);
    } finally {
      at("batch-progress").hidden = true;
      file.disabled = false;
    }
  });
}
