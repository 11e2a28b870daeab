declare module 'tr46' {
  export function toUnicode(domain: string): { readonly domain: string; readonly error: boolean };
}
