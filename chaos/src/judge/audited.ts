import { compileDdl, type Ddl } from '@troupe/core';
import discovery from '@troupe/ddl/discovery.json' with { type: 'json' };
import provision from '@troupe/ddl/provision.json' with { type: 'json' };
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };

/** What a line of an audit log says of a request; a request that was refused has no seconds. */
export interface AuditedRequest {
  readonly request?: string;
  readonly agent?: string;
  readonly action?: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly seconds?: number;
}

const ddls = [discovery, provision, rpcutil].map((ddl) => compileDdl(ddl as Ddl));

/** The ids of the mutating requests that ran. A daemon that was killed may run again what only reads. */
export function mutatingIds(lines: readonly AuditedRequest[]): readonly string[] {
  return lines.flatMap((line) =>
    line.request !== undefined && line.seconds !== undefined && isMutating(line) ? [line.request] : [],
  );
}

function isMutating({ agent = '', action = '', input }: AuditedRequest): boolean {
  const compiled = ddls.find(({ ddl }) => ddl.metadata.name === agent);
  return compiled?.action(action)?.isMutating(input) ?? true;
}
