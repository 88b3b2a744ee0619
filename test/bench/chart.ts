export type Series = { readonly name: string; readonly color: string; readonly values: readonly number[] }

export type BarChart = {
  readonly title: string
  /** One label for each value of every series. */
  readonly groups: readonly string[]
  readonly groupsAre: string
  readonly series: readonly Series[]
  /** A dashed line across. */
  readonly limit: { readonly name: string; readonly value: number }
}

const width = 760
const panelHeight = 300
const plot = { left: 56, right: 16, top: 64, bottom: 44 }

/** Bar charts below each other, as one SVG file that needs nothing else. */
export function chartsSvg(charts: readonly BarChart[]): string {
  const height = charts.length * panelHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f"><title>CPU per message, by connections and by stored messages</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${charts.map((chart, index) => `<g transform="translate(0 ${index * panelHeight})">\n${panel(chart)}\n</g>`).join('\n')}
</svg>
`
}

function panel({ title, groups, groupsAre, series, limit }: BarChart): string {
  const bottom = panelHeight - plot.bottom
  const step = niceStep(Math.max(limit.value, ...series.flatMap(({ values }) => values)) / 4)
  const top = step * Math.ceil(Math.max(limit.value, ...series.flatMap(({ values }) => values)) / step)
  const yOf = (value: number) => round(bottom - (value / top) * (bottom - plot.top))
  const groupWidth = (width - plot.left - plot.right) / groups.length
  const barWidth = Math.min(64, (groupWidth * 0.75) / series.length)
  const barX = (group: number, index: number) =>
    round(plot.left + groupWidth * (group + 0.5) + (index - series.length / 2) * barWidth)

  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step).map(
    (value) =>
      `<path d="M${plot.left} ${yOf(value)}H${width - plot.right}" stroke="#d0d7de"/>` +
      text(plot.left - 8, yOf(value) + 4, String(value), 'end'),
  )
  const bars = series.flatMap(({ color, values }, index) =>
    values.map((value, group) => {
      const [x, y] = [barX(group, index), yOf(value)]
      return (
        `<rect x="${x}" y="${y}" width="${round(barWidth - 2)}" height="${round(bottom - y)}" fill="${color}"/>` +
        text(round(x + barWidth / 2 - 1), y - 4, value.toFixed(0), 'middle')
      )
    }),
  )
  const legend = series.map(
    ({ name, color }, index) =>
      `<rect x="${plot.left + index * 150}" y="36" width="10" height="10" fill="${color}"/>` +
      text(plot.left + index * 150 + 16, 45, name, 'start'),
  )
  const labels = groups.map((label, group) =>
    text(round(plot.left + groupWidth * (group + 0.5)), bottom + 17, label, 'middle'),
  )
  return [
    `<text x="${plot.left}" y="22" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...grid,
    ...bars,
    ...legend,
    ...labels,
    text(width / 2, bottom + 35, groupsAre, 'middle'),
    dashed(plot.left, width - plot.right, yOf(limit.value)),
    dashed(plot.left + series.length * 150, plot.left + series.length * 150 + 28, 41),
    text(plot.left + series.length * 150 + 34, 45, limit.name, 'start'),
  ].join('\n')
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`
}

function dashed(from: number, to: number, y: number): string {
  return `<path d="M${from} ${y}H${to}" stroke="#cf222e" stroke-dasharray="6 4"/>`
}

/** 1, 2 or 5 times a power of ten, at least `atLeast`. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast))
  return power * ([1, 2, 5].find((factor) => factor * power >= atLeast) ?? 10)
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
