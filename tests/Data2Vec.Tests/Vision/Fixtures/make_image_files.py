"""Writes image files of every kind that the decoder supports, and the pixels that Pillow decodes from each (.ppm).

Run with Python 3, Pillow and NumPy: python3 make_image_files.py
Transparent pixels are blended over white, the EXIF orientation is applied, and embedded color profiles are ignored.
"""

import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
WIDTH, HEIGHT = 37, 23


def picture(width=WIDTH, height=HEIGHT, seed=7):
    """Smooth color ramps, an edge and some noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    red = 255 * x / max(width - 1, 1)
    green = 255 * y / max(height - 1, 1)
    blue = np.where(x + y > (width + height) / 2, 220, 30)
    pixels = np.stack([red, green, blue], -1) + random.normal(0, 6, (height, width, 3))
    return pixels.clip(0, 255).round().astype(np.uint8)


def alpha_ramp():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x * 9 + y * 3) % 256).astype(np.uint8)


def over_white(image):
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def write_ppm(name, image):
    with open(os.path.join(FOLDER, name + ".ppm"), "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % image.size + image.tobytes())


def expect(name, pixels=None):
    """Writes the pixels expected of a file: those given, or what Pillow decodes."""
    if pixels is not None:
        write_ppm(name, Image.fromarray(np.ascontiguousarray(pixels)))
        return
    with Image.open(os.path.join(FOLDER, name)) as image:
        write_ppm(name, over_white(image))


def save(name, image, **options):
    image.save(os.path.join(FOLDER, name), **options)
    expect(name)


def write(name, data, pixels=None):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)
    expect(name, pixels)


def png(samples, depth, color, interlaced=False, chunks=()):
    """A PNG of integer samples [height, width, channels], including kinds that Pillow cannot write."""
    height, width, channels = samples.shape

    def rows(part):
        data = b""
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                data += b"\0" + flat.astype(">u2").tobytes()
            elif depth == 8:
                data += b"\0" + flat.astype(np.uint8).tobytes()
            else:
                bits = ((flat[:, None] >> np.arange(depth)[::-1]) & 1).astype(np.uint8).reshape(-1)
                data += b"\0" + np.packbits(bits).tobytes()
        return data

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [samples[y::down, x::right] for y, x, down, right in passes] if interlaced else [samples]
    body = b"".join(rows(part) for part in parts if part.size)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in chunks)
            + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b""))


def swapped_profile():
    """An ICC profile that swaps red and blue, so that applying it is noticed."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")


def adobe_transform(data, transform):
    at = data.index(b"Adobe")
    return data[:at + 11] + bytes([transform]) + data[at + 12:]


def bmp(width, height, bits, compression, data, palette=b"", masks=b""):
    """A BMP with a 40-byte information header. A negative height means top-down rows."""
    offset = 14 + 40 + len(masks) + len(palette)
    return (b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 2835, 2835,
                          len(palette) // 4, 0) + masks + palette + data)


def jpeg_files(rgb):
    image = Image.fromarray(rgb)
    save("rgb-444.jpg", image, quality=90, subsampling=0)
    save("rgb-422.jpg", image, quality=85, subsampling=1)
    save("rgb-420.jpg", image, quality=75, subsampling=2)
    save("progressive.jpg", image, quality=80, progressive=True)
    save("grey.jpg", image.convert("L"), quality=85)
    save("profile.jpg", image, quality=90, icc_profile=swapped_profile())

    key = np.minimum.reduce([255 - rgb[..., i] for i in range(3)]) // 2
    cmyk = np.dstack([255 - rgb, key])
    save("cmyk.jpg", Image.fromarray(cmyk, "CMYK"), quality=90)
    # YCCK: the first three planes become YCbCr of the stored (inverted) values; Pillow writes stored = 255 - given.
    ycc = np.asarray(Image.fromarray(255 - cmyk[..., :3]).convert("YCbCr"))
    path = os.path.join(FOLDER, "ycck.jpg")
    Image.fromarray(np.dstack([255 - ycc, key]), "CMYK").save(path, quality=90)
    with open(path, "rb") as file:
        data = file.read()
    write("ycck.jpg", adobe_transform(data, 2))

    small = Image.fromarray(picture(14, 9))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"orientation-{orientation}.jpg", small, quality=92, subsampling=0, exif=exif)


def png_files(rgb):
    image = Image.fromarray(rgb)
    alpha = alpha_ramp()
    wide = rgb.astype(np.int64) * 256 + (np.arange(WIDTH)[None, :, None] * 37 + 11) % 256
    wide_alpha = alpha.astype(np.int64)[..., None] * 257
    grey = np.asarray(image.convert("L"))

    save("rgb.png", image)
    save("grey.png", image.convert("L"))
    save("grey-alpha.png", Image.merge("LA", (image.convert("L"), Image.fromarray(alpha))))
    save("rgba.png", Image.merge("RGBA", (*image.split(), Image.fromarray(alpha))))
    save("one-bit.png", image.convert("1"))
    for colors in (2, 4, 16, 200):
        save(f"palette-{colors}.png", image.quantize(colors))
    save("palette-alpha.png", image.quantize(16), transparency=bytes(range(0, 256, 16)))
    save("profile.png", image, icc_profile=swapped_profile())
    write("gamma.png", png(rgb, 8, 2, chunks=[(b"gAMA", struct.pack(">I", 100000))]))
    write("key-color.png", png(rgb // 64 * 64, 8, 2, chunks=[(b"tRNS", struct.pack(">HHH", 0, 0, 0))]))
    write("interlaced.png", png(rgb, 8, 2, interlaced=True))
    write("interlaced-alpha.png", png(np.dstack([rgb, alpha]), 8, 6, interlaced=True))
    write("interlaced-two-bit.png", png((grey // 64)[..., None], 2, 0, interlaced=True))
    # 16-bit samples keep their high byte. Pillow does so for color but clips gray, so NumPy converts gray.
    write("rgb-16.png", png(wide, 16, 2))
    high = (wide >> 8).astype(np.uint8)
    write("grey-16.png", png(wide[..., :1], 16, 0), np.repeat(high[..., :1], 3, -1))
    write("rgba-16.png", png(np.dstack([wide, wide_alpha]), 16, 6))
    exif = Image.Exif()
    exif[0x0112] = 6
    save("orientation-6.png", Image.fromarray(picture(14, 9)), exif=exif)


def webp_files(rgb):
    image = Image.fromarray(rgb)
    with_alpha = Image.merge("RGBA", (*image.split(), Image.fromarray(alpha_ramp())))
    other = Image.fromarray(255 - rgb)
    save("lossy.webp", image, quality=80)
    save("lossless.webp", image, lossless=True)
    save("lossy-alpha.webp", with_alpha, quality=80)
    save("lossless-alpha.webp", with_alpha, lossless=True, exact=True)
    save("profile.webp", image, lossless=True, icc_profile=swapped_profile())
    save("animated.webp", image, save_all=True, append_images=[other], duration=100, lossless=True)
    exif = Image.Exif()
    exif[0x0112] = 8
    save("orientation-8.webp", Image.fromarray(picture(14, 9)), lossless=True, exif=exif)


def gif_files(rgb):
    image = Image.fromarray(rgb)
    save("palette.gif", image.quantize(64), interlace=0)
    save("interlaced.gif", image.quantize(64), interlace=1)
    save("grey.gif", image.convert("L"))
    save("transparent.gif", image.quantize(8), transparency=3)
    save("animated.gif", image.quantize(32), save_all=True, append_images=[Image.fromarray(255 - rgb).quantize(32)])


def bmp_files(rgb):
    image = Image.fromarray(rgb)
    save("rgb.bmp", image)
    save("grey.bmp", image.convert("L"))
    save("palette.bmp", image.quantize(200))
    save("one-bit.bmp", image.convert("1"))

    def padded(row):
        return row + b"\0" * (-len(row) % 4)

    top_down = b"".join(padded(row[:, ::-1].tobytes()) for row in rgb)
    write("top-down.bmp", bmp(WIDTH, -HEIGHT, 24, 0, top_down))
    unused = b"".join(np.dstack([rgb[..., ::-1], np.zeros((HEIGHT, WIDTH), np.uint8)])[::-1])
    write("rgbx.bmp", bmp(WIDTH, HEIGHT, 32, 0, unused))
    red, green, blue = (rgb[..., i].astype(np.uint16) for i in range(3))
    packed = ((red >> 3) << 11 | (green >> 2) << 5 | blue >> 3).astype("<u2")
    write("565.bmp", bmp(WIDTH, HEIGHT, 16, 3, b"".join(padded(row.tobytes()) for row in packed[::-1]),
                         masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F)))

    quantized = image.quantize(6, dither=0)
    palette = b"".join(bytes([b, g, r, 0]) for r, g, b in np.reshape(quantized.getpalette()[:18], (6, 3)).tolist())
    runs = b""
    for row in np.asarray(quantized)[::-1]:
        at = 0
        while at < WIDTH:
            count = 1
            while at + count < WIDTH and row[at + count] == row[at]:
                count += 1
            runs += bytes([count, row[at]])
            at += count
        runs += b"\0\0"
    write("run-length.bmp", bmp(WIDTH, HEIGHT, 8, 1, runs + b"\0\1", palette))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    pixels = picture()
    jpeg_files(pixels)
    png_files(pixels)
    webp_files(pixels)
    gif_files(pixels)
    bmp_files(pixels)
