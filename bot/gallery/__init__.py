"""The gallery: pictures found again in a browser by those who may see them."""
