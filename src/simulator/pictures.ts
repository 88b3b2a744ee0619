import { type Colour, pngOf } from './png.ts'

export type Picture = { readonly name: string; readonly shows: string; readonly path: string; readonly content: Buffer }

const size = { width: 240, height: 180 }

/** Pictures that anybody may send: people from the phone page, assistants by their address. */
export function makePictures(): readonly Picture[] {
  return [
    { name: 'sunset', shows: 'a sunset over the sea', colourAt: sunset },
    { name: 'mountains', shows: 'mountains under a blue sky', colourAt: mountains },
    { name: 'ticket', shows: 'a ticket with a bar code', colourAt: ticket },
  ].map(({ name, shows, colourAt }) => ({
    name,
    shows,
    path: `/pictures/${name}.png`,
    content: pngOf(size, colourAt),
  }))
}

function sunset(x: number, y: number): Colour {
  const horizon = 118
  const sun = Math.hypot(x - 120, y - 104)
  if (y < horizon) return sun < 34 ? [255, 226, 140] : mix([58, 46, 110], [250, 128, 84], y / horizon)
  const glitters = Math.abs(x - 120) < 8 + (y - horizon) / 2 && (y * 7 + x) % 9 < 4
  return glitters ? [255, 190, 120] : mix([120, 70, 110], [24, 32, 74], (y - horizon) / (size.height - horizon))
}

function mountains(x: number, y: number): Colour {
  const far = 70 + Math.abs(((x + 40) % 120) - 60) * 0.8
  const near = 110 + Math.abs(((x + 90) % 160) - 80) * 0.6
  if (y >= near) return mix([62, 120, 84], [34, 78, 56], (y - near) / 70)
  if (y >= far) return y < far + 12 ? [244, 248, 252] : mix([112, 128, 158], [82, 96, 128], (y - far) / 60)
  return mix([86, 158, 230], [206, 230, 250], y / 110)
}

function ticket(x: number, y: number): Colour {
  const isPaper =
    x > 16 && x < 224 && y > 24 && y < 156 && Math.hypot(x - 16, y - 90) > 12 && Math.hypot(x - 224, y - 90) > 12
  if (!isPaper) return [38, 70, 150]
  if (y > 104 && y < 142 && x > 40 && x < 200) return (x * x + (x >> 2) * 13) % 7 < 3 ? [20, 24, 32] : [250, 250, 246]
  if (y > 44 && y < 58 && x > 40 && x < 150) return [176, 36, 28]
  if ((y > 68 && y < 74 && x > 40 && x < 190) || (y > 82 && y < 88 && x > 40 && x < 120)) return [120, 128, 140]
  return [250, 250, 246]
}

function mix(first: Colour, second: Colour, share: number): Colour {
  const part = Math.min(1, Math.max(0, share))
  const [red, green, blue] = first.map((value, index) => Math.round(value + ((second[index] ?? 0) - value) * part))
  return [red ?? 0, green ?? 0, blue ?? 0]
}
