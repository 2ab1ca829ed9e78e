"""Draws the pictures in Lettering with Pillow: lettering of several looks on textures, and textures without text.

    python3 make_lettering.py

It needs the fonts DejaVu and Liberation (Debian: fonts-dejavu, fonts-liberation).
"""
import os
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 400, 300
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Lettering")
SANS = "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf"
CONDENSED = "/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf"

numbers = np.random.default_rng(5)
choices = random.Random(5)


def disc(draw, radii, color):
    x, y, rx, ry = choices.randrange(WIDTH), choices.randrange(HEIGHT), choices.randrange(*radii), choices.randrange(*radii)
    draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=color)


def noise():
    coarse = numbers.integers(0, 256, (HEIGHT // 10 + 2, WIDTH // 10 + 2, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.BICUBIC)
    for _ in range(10):
        disc(ImageDraw.Draw(image), (8, 60), tuple(choices.randrange(40, 240) for _ in range(3)))
    return image


def shapes():
    image = Image.new("RGB", (WIDTH, HEIGHT), (90, 60, 120))
    for _ in range(30):
        disc(ImageDraw.Draw(image), (5, 80), tuple(choices.randrange(180) for _ in range(3)))
    return image


def gradient():
    place = np.linspace(0, 0.6, WIDTH)[None, :, None] + np.linspace(0, 0.4, HEIGHT)[:, None, None]
    start, end = np.array([30, 120, 200]), np.array([220, 90, 60])
    return Image.fromarray((start + (end - start) * place + numbers.normal(0, 4, (HEIGHT, WIDTH, 1))).clip(0, 255).astype(np.uint8))


def squeeze(image, scale, offset):
    return Image.fromarray((np.asarray(image, dtype=float) * scale + offset).clip(0, 255).astype(np.uint8))


def letter(image, font, size, fill, outline=None):
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(font, size)
    width = 0 if outline is None else 2
    draw.text((WIDTH / 2, 8), "WHY IS IT ALWAYS", font=font, fill=fill, anchor="ma", stroke_width=width, stroke_fill=outline)
    draw.text((WIDTH / 2, HEIGHT - 12), "MONDAY AGAIN?", font=font, fill=fill, anchor="md", stroke_width=width, stroke_fill=outline)
    return image


def tilt(image, degrees, corners):
    return image.rotate(degrees, expand=True, fillcolor=corners, resample=Image.BICUBIC)


pictures = {
    "yellow.jpg": letter(noise(), CONDENSED, 36, (255, 230, 0), "black"),
    "black.jpg": letter(noise(), SANS, 34, "black", "white"),
    "no-outline.jpg": letter(shapes(), SANS, 34, "white"),
    "low-contrast.jpg": letter(squeeze(noise(), 0.25, 191), CONDENSED, 36, "white", (150, 150, 150)),
    "gray-on-gray.jpg": letter(squeeze(gradient(), 0.1, 77), SANS, 34, (135, 135, 135)),
    "transparent.png": letter(Image.new("RGBA", (WIDTH, HEIGHT)), CONDENSED, 36, "white", "black"),
    "tilted.jpg": tilt(letter(noise(), CONDENSED, 36, "white", "black"), 7, (90, 90, 90)),
    "tilted-down.jpg": tilt(letter(gradient(), SANS, 34, "white", "black"), -9, (0, 0, 0)),
    "textless-noise.jpg": noise(),
    "textless-shapes.jpg": shapes(),
}
os.makedirs(FOLDER, exist_ok=True)
for name, picture in pictures.items():
    picture.save(os.path.join(FOLDER, name), quality=75)
