import { getSystemErrorMap } from 'node:util';

/** What went wrong: stable, for programs. The message is for people. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'DDL_INVALID'
  | 'DDL_UNKNOWN'
  | 'AGENT_INVALID'
  | 'FILTER_INVALID'
  | 'INPUT_INVALID'
  | 'MESSAGE_MALFORMED'
  | 'MESSAGE_EXPIRED'
  | 'MESSAGE_FROM_FUTURE'
  | 'SIGNATURE_INVALID'
  | 'CERTIFICATE_INVALID'
  | 'TOKEN_INVALID'
  | 'CALLER_DENIED'
  | 'POLICY_INVALID'
  | 'AUDIT_FAILED'
  | 'IDENTITY_INVALID'
  | 'TOPIC_INVALID'
  | 'BROKER_UNREACHABLE'
  | 'BROKER_REFUSED'
  | 'NOT_CONNECTED'
  | 'LISTEN_FAILED'
  | 'FILE_UNREADABLE'
  | 'FILE_UNSAFE'
  | 'DISCOVERY_FAILED'
  | 'NO_NODES';

/** Why a program failed where no TroupeError says it: just as stable. */
export type ProgramCode =
  | 'USAGE_INVALID'
  | 'NOT_CONFIRMED'
  | 'REQUEST_UNKNOWN'
  | 'MESSAGE_UNKNOWN'
  | 'NODE_SILENT'
  | 'NODE_FAILED'
  | 'INTERRUPTED'
  | 'RUNTIME_TOO_OLD'
  | 'INTERNAL_ERROR';

/** The code of any error that a user can see. */
export type AnyCode = ErrorCode | ProgramCode;

/** Every error that Troupe raises on purpose: a code for programs, one line for people, and its cause. */
export class TroupeError extends Error {
  override readonly name = 'TroupeError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** MCollective's status codes of a reply. */
export const Status = {
  ok: 0,
  aborted: 1,
  unknownAction: 2,
  missingData: 3,
  invalidData: 4,
  unknownError: 5,
} as const;

export type StatusCode = (typeof Status)[keyof typeof Status];

/**
 * Thrown by a handler to fail: message and status reach the caller as they are. Anything else that a handler
 * throws reaches the caller as status 5 with a neutral text.
 */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  readonly status: Exclude<StatusCode, 0>;
  /** Outputs to send although the action failed, such as the output of a command. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    status: Exclude<StatusCode, 0> = Status.aborted,
    options: ErrorOptions & { data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options);
    this.status = status;
    this.data = options.data ?? {};
  }
}

/** The text of whatever was thrown, for a log line or a status message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same for an error of the operating system, without the path or the address: `ENOENT: no such file or directory`. For a message that names them already. */
export function systemReasonOf(error: unknown): string {
  const { code, errno, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return messageOf(error);
  const words = resolverWords[code] ?? getSystemErrorMap().get(errno ?? 0)?.[1];
  return words === undefined ? messageOf(error) : `${code}: ${words}`;
}

/** What keeps a disk from taking anything. */
const diskFaults: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/**
 * Why a disk took nothing, with the file if it is known: `cannot write /var/lib/x: ENOSPC: no space left on device`.
 * Undefined for any other error.
 */
export function diskFaultOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code, path } = each as NodeJS.ErrnoException;
    if (code === undefined || !diskFaults.has(code)) continue;
    return `cannot write ${path ?? 'a file on this host'}: ${systemReasonOf(each)}`;
  }
  return undefined;
}

const resolverWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'cannot resolve the host name now',
};

/** The code of whatever was thrown. */
export function codeOf(error: unknown): ErrorCode | 'INTERNAL_ERROR' {
  return error instanceof TroupeError ? error.code : 'INTERNAL_ERROR';
}

/** The same as keys of a log line; only a TroupeError has a code there. */
export function reasonOf(error: unknown): { readonly reason: string; readonly code?: ErrorCode } {
  return { reason: messageOf(error), ...(error instanceof TroupeError && { code: error.code }) };
}

/** How every program ends the line that says why it failed: the code is what people search for. */
export function withCode(message: string, code: string): string {
  return `${message} [${code}]`;
}

/** What a program other than `mco` writes on standard error when it fails; at a terminal also where the code is explained. */
export function failureText(
  program: string,
  error: unknown,
  { code = codeOf(error), isTerminal }: { readonly code?: AnyCode; readonly isTerminal: boolean },
): string {
  const hint = `For likely causes and what to do: docs/troubleshooting.md, or mco help ${code}\n`;
  return `${program}: ${withCode(messageOf(error), code)}\n${isTerminal ? hint : ''}`;
}
