"""From noise to latents: schedules, samplers, the denoising loops."""
