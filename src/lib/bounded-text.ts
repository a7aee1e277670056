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
  // Only address space is reserved. The bytes grow without being copied, and are given back as soon as the text is there.
  const bytes = new ArrayBuffer(0, { maxByteLength: maxBytes });
  const encoder = new TextEncoder();
  for await (const chunk of chunks) {
    const data = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
    const start = bytes.byteLength;
    if (start + data.length > maxBytes) throw tooLarge(`larger than ${maxBytes} bytes`);
    bytes.resize(start + data.length);
    new Uint8Array(bytes, start).set(data);
  }
  const text = new TextDecoder('utf-8', { fatal }).decode(new Uint8Array(bytes));
  bytes.resize(0);
  return text;
}
