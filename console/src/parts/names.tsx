import { useMemo } from 'preact/hooks'
import type { Assistant } from '../api-types.ts'
import { useLoad } from '../loading.ts'
import { urlOf } from '../router.ts'
import type { Option } from './form.tsx'

const assistantsMax = 1_000

/** Assistants by their id, for lists that know only the id. */
export function useAssistants() {
  const { data, reload } = useLoad('GET /api/v1/assistants', { query: { limit: assistantsMax } })
  return useMemo(() => {
    const byId = new Map<number, Assistant>((data ?? []).map((assistant) => [assistant.id, assistant]))
    const options: Option[] = (data ?? []).map(({ id, name }) => ({ value: String(id), text: name }))
    return { list: data, byId, options, reload, nameOf: (id: number) => byId.get(id)?.name ?? `Assistant ${id}` }
  }, [data, reload])
}

export function MessageLink({ id, text = id }: { readonly id: string; readonly text?: string }) {
  return <a href={urlOf('messages', id)}>{text}</a>
}

/** A body may have been removed by retention or erasure. */
export function Body({ text }: { readonly text: string | null }) {
  return text === null ? <em class="muted">The text was removed.</em> : <span class="body">{text}</span>
}

/** Links to media are strangers' text; only web addresses become links, and pictures are never loaded by themselves. */
export function MediaLinks({ urls }: { readonly urls: readonly string[] }) {
  return urls.length === 0 ? null : (
    <ul class="media">
      {urls.map((url, index) => (
        <li key={index}>
          {/^https?:\/\//i.test(url) ? (
            <a href={url} target="_blank" rel="noopener noreferrer nofollow">
              {url}
            </a>
          ) : (
            url
          )}
        </li>
      ))}
    </ul>
  )
}
