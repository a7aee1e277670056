export interface TextLimits {
  readonly maxBytes: number;
  /** What is thrown when there is more. */
  readonly tooLarge: (message: string) => Error;
  /** Refuse bytes that are no UTF-8 (with a TypeError) instead of replacing them. Default false. */
  readonly fatal?: boolean;
}

/** The text of an answer or a file, of which no more than `maxBytes` is read. */
export async function readBoundedText(
  chunks: AsyncIterable<Uint8Array | string>,
  { maxBytes, tooLarge, fatal = false }: TextLimits,
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal });
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += data.length;
    if (bytes > maxBytes) throw tooLarge(`larger than ${maxBytes} bytes`);
    parts.push(decoder.decode(data, { stream: true }));
  }
  parts.push(decoder.decode());
  return parts.join('');
}
