/**
 * The text without what may be the user name and password of a URL, however that is mistyped: all before its last `@` but for the
 * scheme. Meant for a single value; a text with `@` elsewhere loses more than it must.
 */
export function maskUserInfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/+|https?:\/*)?.+(?:@|%40)/is, '$1***@');
}

/** The same for each word of a sentence. */
export function maskUserInfoInWords(text: string): string {
  return text.replace(/\S+/g, maskUserInfo);
}
