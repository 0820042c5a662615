/**
 * The pictures in the README are of the pages as they are. Fonts differ from machine to machine, so
 * that neither bytes nor pixels are compared: what can be read is, and where it is light and dark.
 *
 * @module
 */
import assert from "node:assert/strict";
import { encodeBase64 } from "../../src/lib/base64url.ts";
import { type BrowserPage, startBrowser } from "../support/page_check.ts";
import { FOLDER, NAMES, takePictures } from "./pictures.ts";

/** Of 256: pages are mostly light, and two different ones differ by 10. */
const MUCH = 8;

Deno.test('the pictures are of the pages: "deno task pictures" takes them', async () => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-pictures-" });
  try {
    await takePictures(folder);
    await using browser = await startBrowser();
    await using page = await browser.open("about:blank");
    for (const name of NAMES) {
      assert.equal(
        await Deno.readTextFile(`${FOLDER}${name}.txt`),
        await Deno.readTextFile(`${folder}/${name}.txt`),
      );
      const [kept, made] = [
        await coarse(page, `${FOLDER}${name}.png`),
        await coarse(page, `${folder}/${name}.png`),
      ];
      assert.ok(kept.bytes <= 120_000, `${name}: ${kept.bytes} bytes`);
      assert.deepEqual([kept.width, kept.height], [made.width, made.height]);
      assert.ok(difference(kept, made) < MUCH, name);
    }
    const [one, other] = await Promise.all(
      NAMES.map((name) => coarse(page, `${FOLDER}${name}.png`)),
    );
    // two pages are not one
    assert.ok(one !== undefined && other !== undefined);
    assert.ok(difference(one, other) > MUCH, String(difference(one, other)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interface Coarse {
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** How light each part of it is. */
  readonly parts: readonly number[];
}

async function coarse(page: BrowserPage, path: string): Promise<Coarse> {
  const bytes = await Deno.readFile(path);
  const found = await page.evaluate<Omit<Coarse, "bytes">>(`(async () => {
    const image = new Image();
    image.src = "data:image/png;base64,${encodeBase64(bytes)}";
    await image.decode();
    const { width, height } = image;
    const canvas = new OffscreenCanvas(width / 32, height / 32);
    const ink = canvas.getContext("2d");
    ink.imageSmoothingQuality = "high";
    ink.drawImage(image, 0, 0, canvas.width, canvas.height);
    const { data } = ink.getImageData(0, 0, canvas.width, canvas.height);
    const parts = [];
    for (let at = 0; at < data.length; at += 4) {
      parts.push((data[at] + data[at + 1] + data[at + 2]) / 3);
    }
    return { width, height, parts };
  })()`);
  return { bytes: bytes.length, ...found };
}

function difference(one: Coarse, other: Coarse): number {
  const sum = one.parts.reduce(
    (total, part, index) => total + Math.abs(part - (other.parts[index] ?? 0)),
    0,
  );
  return sum / one.parts.length;
}
