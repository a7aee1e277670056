/**
 * An error that an operator can act on. `code` is for machines, the message says what was being done, what was found and
 * what was wanted. Anything else that is thrown is a defect of ours.
 */
export class OperatingError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatingError';
    this.code = code;
  }
}

/** Wrong usage or wrong configuration: the command line ends with status 2. */
export class UsageError extends OperatingError {
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(options?.code ?? 'usage', message, options);
    this.name = 'UsageError';
  }
}

/** The error's message with those of its causes, the outermost first. Never a stack. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current !== undefined; depth += 1) {
    // The text of a foreign error may have lines.
    const message =
      depth === 0
        ? messageOf(current)
        : messageOf(current)
            .trim()
            .replace(/\s*\n\s*/g, ' ');
    if (message && !parts.some((part) => part.includes(message))) parts.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  // A message that is a whole sentence and goes on to its cause ends in one colon, not in a full stop and a colon.
  return parts.map((part, index) => (index < parts.length - 1 ? part.replace(/\.$/, '') : part)).join(': ');
}

function messageOf(value: unknown): string {
  // A refused connection to a name with several addresses arrives as an AggregateError without a message of its own.
  if (value instanceof AggregateError && value.message === '')
    return value.errors.slice(0, 4).map(messageOf).join(', ') || value.name;
  if (value instanceof Error) return value.message || value.name;
  return typeof value === 'string' ? value : `${typeof value} was thrown, not an error`;
}

/** Whether an error says that we were told to stop. That is not a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
