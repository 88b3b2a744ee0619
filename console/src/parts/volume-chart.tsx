import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatNumber, formatShortTime } from '../format.ts'
import { type SeriesName, seriesNames, stack, type Volume } from '../volume.ts'
import { Table } from './table.tsx'

/** The tokens that the series are painted with, in the order of `seriesNames`; pages.css has the key's. */
const colours = ['--good', '--accent', '--bad', '--warn'] as const
const heightPx = 240

/** How many texts there were, as bars of what became of them. The same numbers are there as a table. */
export function VolumeChart({ volume }: { readonly volume: Volume }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { current } = box
    if (current === null) return
    let plot = draw(current, volume)
    const redraw = () => {
      plot.destroy()
      plot = draw(current, volume)
    }
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', redraw)
    const watch = new ResizeObserver(() => {
      if (plot.width !== current.clientWidth) plot.setSize({ width: current.clientWidth, height: heightPx })
    })
    watch.observe(current)
    return () => {
      watch.disconnect()
      scheme.removeEventListener('change', redraw)
      plot.destroy()
    }
  }, [volume])
  return (
    <figure class="panel">
      <div ref={box} class="chart" aria-hidden="true" />
      <figcaption>
        <ul class="key">
          {seriesNames.map((name, index) => (
            <li key={name}>
              <svg viewBox="0 0 12 12" class={`series-${index}`} aria-hidden="true">
                <rect width="12" height="12" rx="3" />
              </svg>
              {name}
            </li>
          ))}
        </ul>
        <details>
          <summary>The same as a table</summary>
          <VolumeTable volume={volume} />
        </details>
      </figcaption>
    </figure>
  )
}

function VolumeTable({ volume }: { readonly volume: Volume }) {
  const rows = volume.map(({ at, counts }) => ({ at, counts }))
  const column = (name: SeriesName) =>
    ({
      label: name,
      kind: 'number',
      cell: (row: Volume[number]) => formatNumber(row.counts[name]),
    }) as const
  return (
    <Table
      label="Texts over time"
      rows={rows}
      keyOf={({ at }) => at}
      columns={[{ label: 'From', cell: ({ at }) => formatShortTime(at) }, ...seriesNames.map(column)]}
    />
  )
}

/** Widest bar, in pixels. */
const barPxMax = 48

function draw(box: HTMLElement, volume: Volume): uPlot {
  const style = getComputedStyle(box)
  const colour = (name: string) => style.getPropertyValue(name)
  const bars = uPlot.paths.bars?.({ size: [0.7, barPxMax], radius: 0.15 })
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  }
  const options: uPlot.Options = {
    width: box.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_plot, min, max) => paddedRange(volume, min, max) },
      y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: [
      axis,
      {
        ...axis,
        size: 48,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6],
        values: (_plot, ticks) => ticks.map(formatNumber),
      },
    ],
    series: [
      {},
      ...[...colours].reverse().map((name) => ({
        fill: colour(name),
        stroke: colour(name),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      })),
    ],
  }
  // The tallest sums are painted first, so that each shorter one stands before it.
  const [times = [], ...sums] = stack(volume)
  return new uPlot(options, [times, ...sums.reverse()], box)
}

/** Half a bar on both sides, so that the first and the last are whole. */
function paddedRange(volume: Volume, min: number, max: number): [number, number] {
  const half = volume.length < 2 ? 1_800 : (max - min) / (volume.length - 1) / 2
  return [min - half, max + half]
}
