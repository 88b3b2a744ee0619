/** How a body is carried: 7-bit septets of the GSM alphabet, or 16-bit UCS-2 units. */
export type Encoding = 'gsm-7' | 'ucs-2'
