"""The guide-driven model: words or a picture make a *guide*, and one small network draws by it.

``latents`` turns pictures into small maps and back, ``planner`` makes a guide from words,
``denoiser`` draws by a guide, ``drawing`` puts them together, ``checkpoint`` reads and writes them.
"""
