"""What conditions a denoiser: text, images, structure, LoRAs."""
