// The pictures: decoding, before and after, the wipe between them, and the attention overlay.

const BLUE = [40, 100, 255]; // far from skin of every tone

/** Decode base64 bytes of a picture. */
export async function decode(base64) {
  const raw = atob(base64);
  const data = new Uint8Array(raw.length);
  for (let place = 0; place < raw.length; place += 1) data[place] = raw.charCodeAt(place);
  return createImageBitmap(new Blob([data]));
}

/** Draw a bitmap in a canvas of its own size; small faces are enlarged smoothly. */
export function draw(canvas, bitmap, overlay = null) {
  const scale = Math.max(1, Math.round(512 / bitmap.width));
  canvas.width = bitmap.width * scale;
  canvas.height = bitmap.height * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (overlay) context.drawImage(overlay, 0, 0, canvas.width, canvas.height);
}

/** An attention map (grey, 0 to 255) as a layer: clear where the photograph is kept, blue where it is changed. */
export function attentionLayer(bitmap) {
  const layer = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = layer.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  for (let place = 0; place < pixels.data.length; place += 4) {
    const strength = pixels.data[place];
    pixels.data.set([...BLUE, strength * 0.8], place);
  }
  context.putImageData(pixels, 0, 0);
  return layer;
}

/** Let the range input and the pointer on the stage move the border between before and after. */
export function connectWipe(stage, range) {
  const show = () => {
    // The picture may be narrower than the stage: the border is a share of the stage, as the pointer is.
    stage.style.setProperty("--wipe", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % of the width shows the photograph before`);
  };
  const follow = (event) => {
    const box = stage.getBoundingClientRect();
    range.value = String(Math.round(100 * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))));
    show();
  };
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(event);
  });
  range.addEventListener("input", show);
  show();
}
