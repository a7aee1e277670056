/** Why metasrv refused something. SQL shows or masks the text by its status; the legacy HTTP API shows the text alone. */
export class MetaError extends Error {
  readonly status: MetaStatus;

  constructor(status: MetaStatus, message: string) {
    super(message);
    this.name = 'MetaError';
    this.status = status;
  }
}

type MetaStatus = 'Unexpected' | 'Internal' | 'InvalidArguments';

export function unexpected(violated: string): MetaError {
  return new MetaError('Unexpected', `Unexpected, violated: ${violated}`);
}

export function invalidArguments(detail: string): MetaError {
  return new MetaError('InvalidArguments', `Invalid arguments: ${detail}`);
}

/** What goes wrong in a step of a procedure. */
export class StepError extends Error {
  /** Tried again by the procedure manager's schedule. */
  readonly retryable: boolean;

  constructor(message: string, options: { retryable: boolean }) {
    super(message);
    this.name = 'StepError';
    this.retryable = options.retryable;
  }
}
