import type { ComponentChildren } from 'preact'

export type Column<T> = {
  readonly label: string
  readonly cell: (row: T) => ComponentChildren
  readonly kind?: 'number' | 'actions' | 'main'
}

/** On a narrow screen each row becomes a card, and each cell says what it is. */
export function Table<T>(props: {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string | number
}) {
  const { label, columns, rows, keyOf } = props
  return (
    <table class="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col" class={column.kind}>
              {column.kind === 'actions' ? <span class="hidden">{column.label}</span> : column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td
                key={column.label}
                class={column.kind}
                data-label={column.kind === 'actions' ? undefined : column.label}
              >
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Pages by `skip`: the page after, while this one is full. */
export function Pager(props: {
  readonly skip: number
  readonly limit: number
  readonly count: number
  readonly urlAt: (skip: number) => string
}) {
  const { skip, limit, count, urlAt } = props
  if (skip === 0 && count < limit) return null
  return (
    <nav class="pager" aria-label="Pages">
      {skip > 0 ? <a href={urlAt(Math.max(0, skip - limit))}>Newer</a> : <span />}
      {count >= limit ? <a href={urlAt(skip + limit)}>Older</a> : <span />}
    </nav>
  )
}
