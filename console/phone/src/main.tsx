import { render } from 'preact'
import { Phone } from './phone.tsx'

const root = document.getElementById('app')
if (root !== null) render(<Phone />, root)
