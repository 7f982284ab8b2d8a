import type { JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Named {
  readonly name: string;
  readonly key: string;
  readonly certificate: string;
  readonly fingerprint: string;
}

interface Signed {
  readonly payload: string;
  readonly jws: string;
}

interface Secret {
  readonly plaintext: string;
  readonly iv: string;
  readonly jwe: string;
}

/** The content of docs/reference/protocol-vectors.json. */
export interface Vectors {
  readonly ca: string;
  readonly caller: Named;
  readonly node: Named;
  readonly machine: { readonly name: string; readonly jwk: JsonWebKey; readonly fingerprint: string };
  readonly canonicalJson: readonly {
    readonly json: string;
    readonly canonical: string;
    readonly sha256: string;
  }[];
  readonly ddl: { readonly ddl: never; readonly canonical: string; readonly hash: string };
  readonly sessionKey: {
    readonly caller: JsonWebKey & { readonly x: string };
    readonly node: JsonWebKey & { readonly x: string };
    readonly secret: string;
    readonly context: string;
    readonly kid: string;
    readonly keys: Readonly<
      Record<'messagesOfCaller' | 'messagesOfNode' | 'secretsOfCaller' | 'secretsOfNode', string>
    >;
  };
  readonly secrets: { readonly caller: Secret; readonly node: Secret };
  readonly refusedSecrets: readonly { readonly why: string; readonly jwe: string }[];
  readonly call: readonly (Signed & { readonly from: 'caller' | 'node'; readonly topic: string })[];
  readonly requests: Readonly<Record<'x5c' | 'jwk' | 'version1', Signed>>;
  readonly token: Signed;
  readonly receipt: Signed;
  readonly replyWithReceipt: Signed;
  readonly topics: readonly (Readonly<Record<string, string | number | boolean>> & {
    readonly escape: boolean;
    readonly topic: string;
  })[];
  readonly presence: {
    readonly topic: string;
    readonly ddls: Readonly<Record<string, string>>;
    readonly facts: Readonly<Record<string, string | number>>;
    readonly payload: string;
  };
}

const file = new URL('../../../../../docs/reference/protocol-vectors.json', import.meta.url);

export const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
