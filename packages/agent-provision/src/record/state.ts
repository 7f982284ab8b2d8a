import { Ajv, type JSONSchemaType } from 'ajv';

/** Who works on the node, and until when; `expires` is ISO 8601 like all times here. */
export interface LeaseState {
  owner: string;
  token: number;
  seconds: number;
  expires: string;
}

/** How far one step of the provisioning has come. */
export interface StepState {
  step: string;
  attempts: number;
  outcome: string;
  reason: string | null;
  since: string;
  seconds: number | null;
  owner: string | null;
  /** What the provisioner wants to find again. */
  data: Record<string, unknown> | null;
}

export interface HistoryEntry {
  time: string;
  step: string;
  attempt: number | null;
  outcome: string;
  reason: string | null;
  seconds: number | null;
  owner: string | null;
}

/** The Puppet server that was chosen for this node, and why. */
export interface MasterState {
  address: string | null;
  identity: string | null;
  reason: string | null;
  since: string;
}

/** The CSR of the key on disk: `made`, `sent` (no answer yet), `accepted` or `refused` by the CA. */
export interface CsrState {
  certname: string;
  fingerprint: string;
  ca_fingerprint: string;
  state: 'made' | 'sent' | 'accepted' | 'refused';
  since: string;
}

/** How a Puppet run ended. */
export interface RunVerdict {
  ok: boolean;
  outcome: string;
  reason: string;
  exitcode: number | null;
  seconds: number | null;
  finished: string;
}

/** The last Puppet run; its `verdict` stays until a provisioner has noted it. */
export interface RunState {
  id: string;
  stage: string;
  environment: string | null;
  since: string;
  /** The fencing token under which it began; null when it was started by hand. */
  token: number | null;
  /** The step that was open when it began. */
  step: string | null;
  verdict: RunVerdict | null;
  noted: boolean;
}

/** A record that could not be read, and where it was put. */
export interface DamageState {
  file: string;
  reason: string;
  since: string;
}

/** All that a node remembers of its provisioning. */
export interface ProvisionState {
  version: 1;
  /** The last fencing token that was given out: it only grows. */
  token: number;
  lease: LeaseState | null;
  /** The last step that ended well or was left out. */
  step: string | null;
  /** In the order in which they were first begun. */
  steps: StepState[];
  /** Oldest first; the oldest are dropped. */
  history: HistoryEntry[];
  master: MasterState | null;
  csr: CsrState | null;
  run: RunState | null;
  quarantine: { reason: string; since: string } | null;
  done: { since: string } | null;
  damaged: DamageState | null;
}

export const historyLimit = 200;
const historyReasonLimit = 500;

/** A record without a past, whose fencing tokens begin after `token`. */
export function emptyState(token: number): ProvisionState {
  return {
    version: 1,
    token,
    lease: null,
    step: null,
    steps: [],
    history: [],
    master: null,
    csr: null,
    run: null,
    quarantine: null,
    done: null,
    damaged: null,
  };
}

/** Adds a line to the history and drops the oldest beyond the limit. */
export function remember(state: ProvisionState, entry: HistoryEntry): void {
  state.history.push({ ...entry, reason: entry.reason?.slice(0, historyReasonLimit) ?? null });
  state.history.splice(0, state.history.length - historyLimit);
}

const text = { type: 'string' } as const;
const textOrNull = { type: 'string', nullable: true } as const;
const number = { type: 'number' } as const;
const numberOrNull = { type: 'number', nullable: true } as const;
const integer = { type: 'integer', minimum: 0 } as const;

function object<P extends Record<string, unknown>>(properties: P) {
  return { type: 'object', properties, required: Object.keys(properties) } as const;
}

const schema = object({
  version: { type: 'integer', const: 1 },
  token: integer,
  lease: { ...object({ owner: text, token: integer, seconds: number, expires: text }), nullable: true },
  step: textOrNull,
  steps: {
    type: 'array',
    items: object({
      step: text,
      attempts: integer,
      outcome: text,
      reason: textOrNull,
      since: text,
      seconds: numberOrNull,
      owner: textOrNull,
      data: { type: 'object', nullable: true },
    }),
  },
  history: {
    type: 'array',
    items: object({
      time: text,
      step: text,
      attempt: numberOrNull,
      outcome: text,
      reason: textOrNull,
      seconds: numberOrNull,
      owner: textOrNull,
    }),
  },
  master: {
    ...object({ address: textOrNull, identity: textOrNull, reason: textOrNull, since: text }),
    nullable: true,
  },
  csr: {
    ...object({
      certname: text,
      fingerprint: text,
      ca_fingerprint: text,
      state: { type: 'string', enum: ['made', 'sent', 'accepted', 'refused'] },
      since: text,
    }),
    nullable: true,
  },
  run: {
    ...object({
      id: text,
      stage: text,
      environment: textOrNull,
      since: text,
      token: { ...integer, nullable: true },
      step: textOrNull,
      verdict: {
        ...object({
          ok: { type: 'boolean' },
          outcome: text,
          reason: text,
          exitcode: { type: 'integer', nullable: true },
          seconds: numberOrNull,
          finished: text,
        }),
        nullable: true,
      },
      noted: { type: 'boolean' },
    }),
    nullable: true,
  },
  quarantine: { ...object({ reason: text, since: text }), nullable: true },
  done: { ...object({ since: text }), nullable: true },
  damaged: { ...object({ file: text, reason: text, since: text }), nullable: true },
});

const ajv = new Ajv();
const validate = ajv.compile<ProvisionState>(schema as unknown as JSONSchemaType<ProvisionState>);

/** Reads a record; throws an Error that says what is wrong with it. */
export function parseState(json: string): ProvisionState {
  const value: unknown = JSON.parse(json);
  checkState(value);
  return value;
}

/** Throws an Error that says what is wrong with what should be a record. */
export function checkState(value: unknown): asserts value is ProvisionState {
  if (!validate(value)) throw new Error(ajv.errorsText(validate.errors, { dataVar: 'record' }));
}
