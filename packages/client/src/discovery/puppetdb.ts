import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { emptyFilter, messageOf, TroupeError } from '@troupe/core';
import { ofIdentity } from './known-nodes.js';
import { identityAt } from './list-text.js';
import type { NodeSource, TlsIdentity } from './node-source.js';
import { pqlOf } from './pql.js';

/** A PuppetDB, and how to prove to it who asks. */
export interface PuppetDbOptions {
  /** Such as `https://puppetdb.example.net:8081`. */
  readonly url: string;
  /** PEM texts; those of the client that discovers unless told. */
  readonly tls?: TlsIdentity;
  /** A query of one's own in PuppetDB's language, which gives `certname`, instead of the filter's. */
  readonly query?: string;
  /** Seconds; 30 unless told. */
  readonly timeout?: number;
}

const mostBytes = 64 * 1024 * 1024;

/** The nodes that PuppetDB has and does not hold for dead. Facts that it cannot compare as Troupe does are left to the nodes. */
export function puppetDb(options: PuppetDbOptions): NodeSource {
  const { url, timeout = 30 } = options;
  return {
    name: 'puppetdb',
    find: async ({ filter, signal, tls }) => {
      const written = pqlOf(filter);
      const query = options.query ?? written.query;
      const limit = AbortSignal.timeout(timeout * 1000);
      const rows = await ask({
        url: endpoint(url),
        query,
        tls: options.tls ?? tls ?? {},
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      }).catch((cause: unknown) => {
        signal?.throwIfAborted();
        const why = limit.aborted ? `no response within ${timeout} s` : messageOf(cause);
        throw new TroupeError('DISCOVERY_FAILED', `PuppetDB ${url}: ${why}`, { cause });
      });
      const nodes = rows.map((row, index) => ({
        identity: identityAt(
          (row as { certname?: unknown } | null)?.certname,
          `PuppetDB ${url}: row ${index + 1}`,
        ),
      }));
      const once = [...new Map(nodes.map((node) => [node.identity, node])).values()];
      if (options.query === undefined) return { nodes: once, rest: written.rest };
      return {
        nodes: await ofIdentity(once, filter),
        rest: { ...emptyFilter, ...filter, identities: [] },
      };
    },
  };
}

function endpoint(url: string): URL {
  try {
    return new URL('pdb/query/v4', url.endsWith('/') ? url : `${url}/`);
  } catch (cause) {
    throw new TroupeError('DISCOVERY_FAILED', `"${url}" is not a valid PuppetDB URL`, { cause });
  }
}

interface Question {
  readonly url: URL;
  readonly query: string;
  readonly tls: TlsIdentity;
  readonly signal: AbortSignal;
}

async function ask({ url, query, tls, signal }: Question): Promise<readonly unknown[]> {
  const isTls = url.protocol === 'https:';
  const { ca, certificate, key } = tls;
  const body = JSON.stringify({ query });
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = (isTls ? requestTls : requestPlain)(
      url,
      {
        method: 'POST',
        signal,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        ...(isTls && {
          ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
          ...(certificate !== undefined && { cert: certificate }),
          ...(key !== undefined && { key }),
        }),
      },
      (answer) => {
        const pieces: Buffer[] = [];
        let size = 0;
        answer.on('data', (piece: Buffer) => {
          size += piece.length;
          if (size > mostBytes) sent.destroy(new Error(`the response is longer than ${mostBytes} bytes`));
          else pieces.push(piece);
        });
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
  if (status !== 200) throw new Error(`HTTP status ${status}: ${text.trim().split('\n')[0]?.slice(0, 200)}`);
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new Error('the response is not valid JSON', { cause });
  }
  if (!Array.isArray(rows)) throw new Error('the response is not a list');
  return rows;
}
