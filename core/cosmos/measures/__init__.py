"""What is measured on fields and halos: spectra, bispectrum, mass functions, crossings, voids, pixels."""
