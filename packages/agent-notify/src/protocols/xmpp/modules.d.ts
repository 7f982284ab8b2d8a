// What is used of @xmpp/client, which comes without types.
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events';

  export interface Element {
    readonly name: string;
    readonly attrs: Readonly<Record<string, string | undefined>>;
    is(name: string, xmlns?: string): boolean;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): readonly Element[];
    getChildElements(): readonly Element[];
    getChildText(name: string, xmlns?: string): string | null;
  }

  export interface Client extends EventEmitter {
    readonly transports: unknown[];
    readonly reconnect: { stop(): void };
    readonly iqCaller: { request(stanza: Element, timeoutMilliseconds?: number): Promise<Element> };
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    send(stanza: Element): Promise<void>;
  }

  export function client(options: {
    readonly service: string;
    readonly domain: string;
    readonly username: string;
    readonly password: string;
    /** Milliseconds for each step. */
    readonly timeout: number;
  }): Client;

  export function xml(
    name: string,
    attrs?: Readonly<Record<string, string>>,
    ...children: readonly (Element | string)[]
  ): Element;
}

declare module '@xmpp/tls/lib/Connection.js' {
  export default class Connection {
    socketParameters(service: string): unknown;
  }
}
