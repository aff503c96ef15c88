"""The numbers of the paper's tables: accuracies, PSNR, FID, and the AU error of rendered faces (Sec. 4.3)."""
