import { TroupeError } from '../errors.js';
import type { ProtocolVersion } from '../message/message.js';
import { isIdentity, isName } from '../names.js';

const laterAgent = 'v2-';

/** What a topic is for, with its levels decoded. */
export type Topic =
  | {
      readonly kind: 'agent';
      readonly collective: string;
      readonly agent: string;
      readonly v: ProtocolVersion;
    }
  | { readonly kind: 'node'; readonly collective: string; readonly identity: string }
  | { readonly kind: 'presence'; readonly collective: string; readonly identity: string }
  | { readonly kind: 'event'; readonly collective: string; readonly identity: string }
  | {
      readonly kind: 'reply';
      readonly collective: string;
      /** Whose replies these are: the caller's name. */
      readonly caller: string;
      /** One running client of that caller. */
      readonly session: string;
      /** Who replies. */
      readonly identity: string;
    }
  | {
      readonly kind: 'file';
      readonly collective: string;
      /** Whose file it is: the caller's name. */
      readonly caller: string;
      /** The id of the request that the file belongs to. */
      readonly id: string;
      /** The number of the piece, from 0. */
      readonly piece: number;
    };

const requestId = /^[0-9a-f]{32}$/;
/** A million pieces of 512 KiB are half a terabyte. */
const pieceNumber = /^(?:0|[1-9]\d{0,5})$/;

/**
 * Builds and takes apart every topic of Troupe. With `escape`, dots travel as `%2E`, which NATS and RabbitMQ
 * need; it is one setting of the whole network.
 */
export class Topics {
  readonly #escape: boolean;

  constructor(options: { escape?: boolean } = {}) {
    this.#escape = options.escape ?? false;
  }

  /** Where a request to all that have an agent goes; software of version 1 hears nothing of later versions. */
  agent(collective: string, agent: string, v: ProtocolVersion = 1): string {
    return `mco/${name(collective)}/agent/${v > 1 ? laterAgent : ''}${name(agent)}`;
  }

  node(collective: string, identity: string): string {
    return `mco/${name(collective)}/node/${this.#level(identity)}`;
  }

  presence(collective: string, identity: string): string {
    return `mco/${name(collective)}/presence/${this.#level(identity)}`;
  }

  event(collective: string, identity: string): string {
    return `mco/${name(collective)}/event/${this.#level(identity)}`;
  }

  reply(collective: string, caller: string, session: string, identity: string): string {
    return `mco/${name(collective)}/reply/${this.#level(caller)}/${name(session)}/${this.#level(identity)}`;
  }

  /** Where a caller publishes a piece of a file. Reserved by version 2 of the protocol: nothing sends pieces yet. */
  file(collective: string, caller: string, id: string, piece: number): string {
    return `${this.#pieces(collective, caller, id)}/${pieceLevel(piece)}`;
  }

  /** The filter for the pieces of one file. Reserved by version 2 of the protocol: no node subscribes to it yet. */
  pieces(collective: string, caller: string, id: string): string {
    return `${this.#pieces(collective, caller, id)}/+`;
  }

  #pieces(collective: string, caller: string, id: string): string {
    if (!requestId.test(id)) {
      throw new TroupeError(
        'TOPIC_INVALID',
        `"${id}" is not a request id: it must have 32 hexadecimal digits`,
      );
    }
    return `mco/${name(collective)}/file/${this.#level(caller)}/${id}`;
  }

  /** The filter for the replies to one client. */
  replies(collective: string, caller: string, session: string): string {
    return `mco/${name(collective)}/reply/${this.#level(caller)}/${name(session)}/#`;
  }

  presences(collective: string): string {
    return `mco/${name(collective)}/presence/#`;
  }

  events(collective: string): string {
    return `mco/${name(collective)}/event/#`;
  }

  /**
   * Where the embedded broker reports clients that it refused. No identity begins like this: no client may publish there,
   * and it is not a topic that `parse` knows.
   */
  refusals(collective: string): string {
    return `mco/${name(collective)}/event/_broker`;
  }

  /** The parts of a topic, or nothing if it is not a topic of Troupe. */
  parse(topic: string): Topic | undefined {
    const [prefix, collective, kind, first, second, third, ...rest] = topic.split('/');
    if (prefix !== 'mco' || !collective || !isName(collective) || first === undefined || rest.length > 0)
      return;
    if (kind === 'agent') {
      // The names of agents have no hyphen.
      const v = first.startsWith(laterAgent) ? 2 : 1;
      const agent = v === 2 ? first.slice(laterAgent.length) : first;
      return second === undefined && isName(agent) ? { kind, collective, agent, v } : undefined;
    }
    if (kind === 'node' || kind === 'presence' || kind === 'event') {
      const identity = this.#unescape(first);
      return second === undefined && isIdentity(identity) ? { kind, collective, identity } : undefined;
    }
    if (second === undefined || third === undefined) return;
    const caller = this.#unescape(first);
    if (!isIdentity(caller)) return;
    if (kind === 'file') {
      if (!requestId.test(second) || !pieceNumber.test(third)) return;
      return { kind, collective, caller, id: second, piece: Number(third) };
    }
    const identity = this.#unescape(third);
    if (kind !== 'reply' || !isName(second) || !isIdentity(identity)) return;
    return { kind, collective, caller, session: second, identity };
  }

  #level(identity: string): string {
    if (!isIdentity(identity)) {
      throw new TroupeError(
        'IDENTITY_INVALID',
        `"${identity}" is not a valid identity: use a-z, 0-9, ".", "_" and "-"`,
      );
    }
    return this.#escape ? identity.replaceAll('.', '%2E') : identity;
  }

  #unescape(level: string): string {
    return this.#escape ? level.replaceAll('%2E', '.') : level;
  }
}

function pieceLevel(piece: number): string {
  if (pieceNumber.test(`${piece}`)) return `${piece}`;
  throw new TroupeError(
    'TOPIC_INVALID',
    `${piece} is not the number of a piece: use a whole number from 0 to 999999`,
  );
}

function name(text: string): string {
  if (!isName(text)) {
    throw new TroupeError(
      'TOPIC_INVALID',
      `"${text}" is not a valid name of a collective or agent: use a-z, 0-9, "_" and "-"`,
    );
  }
  return text;
}
