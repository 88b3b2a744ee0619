const paths = {
  overview: 'M4 13h4v7H4zM10 4h4v16h-4zM16 9h4v11h-4z',
  messages: 'M4 5h16v11H9l-5 4z',
  conversations: 'M3 4h12v8H8l-5 4zM17 9h4v10l-4-3H9v-2',
  held: 'M8 4v16M16 4v16',
  unknowns: 'M8.500 9a3.500 3.500 0 1 1 5 3.200c-1 .6-1.500 1.200-1.500 2.800M12 18.500v.5',
  optouts: 'M5 5l14 14M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18',
  assistants: 'M5 9h14v10H5zM12 9V5M9 13v2M15 13v2M10 4h4',
  numbers: 'M7 3h10v18H7zM11 18h2',
  accounts: 'M4 7h16v12H4zM4 11h16M8 15h3',
  policy: 'M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM9 12l2 2 4-4',
  endpoints: 'M6 18a3 3 0 1 0 0-6M6 15h8M14 15a3 3 0 1 0 6 0 3 3 0 0 0-6 0M12 9l-3 5M12 9a3 3 0 1 0-3-3',
  keys: 'M8 15a4 4 0 1 1 3.500-2L20 13v3M16 13v3',
  audit: 'M6 3h9l4 4v14H6zM9 11h6M9 15h6',
  users:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M3 20c0-4 3-6 6-6s6 2 6 6M16 5a3 3 0 0 1 0 6M18 14c2 .8 3 3 3 6',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c0-5 4-7 8-7s8 2 8 7',
  phone: 'M7 3h10v18H7zM10 5h4M11.500 18h1',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M14 6l-6 6 6 6',
  pause: 'M9 5v14M15 5v14',
  play: 'M8 5l11 7-11 7z',
  out: 'M7 17L17 7M9 7h8v8',
  in: 'M17 7L7 17M15 17H7V9',
  check: 'M5 12.500l4.500 4.500L19 7',
  cross: 'M6.500 6.500l11 11M17.500 6.500l-11 11',
  dots: 'M6 12h.01M12 12h.01M18 12h.01',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  warn: 'M12 4l9 16H3zM12 10v4M12 17v.01',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  media: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4',
} as const
export type IconName = keyof typeof paths

/** Says nothing by itself: what it stands for is written beside it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
