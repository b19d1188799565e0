"""What a denoiser is told: text, images, structure, LoRAs."""
