import type { Reply, Request } from '@troupe/core';
import { discover } from '../discovery/broadcast.js';
import type { Discovery } from '../discovery/discovery.js';
import { type Judge, judgeRequest } from '../discovery/match-answer.js';
import { Search } from '../discovery/search.js';
import type { PresenceView } from '../presence/presence-view.js';
import { Asking } from './request-rounds.js';
import type { Audience, AudienceParts } from './target-set.js';
import { namesInMessage } from './targets.js';

/**
 * Everybody who is online, who tell themselves whether they are meant: the request is the question of the discovery,
 * and those that run it are its targets. Who says neither is asked again, and told as one that was silent.
 */
export class Everybody implements Audience {
  readonly unexpected = [];
  readonly stopped = undefined;
  readonly #parts: AudienceParts;
  readonly #presence: PresenceView;
  readonly #start = Date.now();
  readonly #search: Search;
  readonly #asking: Asking;
  readonly #judge: Judge;
  readonly #heard = new Set<string>();
  /** How those answered that did not say whether they are meant. */
  readonly #refusals = new Map<string, { readonly reply: Reply; readonly key: string }>();
  #found: Discovery | undefined;

  constructor(parts: AudienceParts, presence: PresenceView, given: Request) {
    const { router, options } = parts;
    this.#parts = parts;
    this.#presence = presence;
    const message = { ...given, time: this.#start };
    this.#judge = judgeRequest(message.filter);
    const { signal } = options;
    const question = { message, judge: this.#judge, everybody: true };
    this.#search = new Search(router, presence, question, signal ? { signal } : {});
    this.#asking = new Asking({ ...parts, presence: parts.view }, message);
  }

  get discovery(): Discovery | undefined {
    const found = this.#found;
    if (!found) return undefined;
    // Some may have answered since.
    const silent = found.silent.filter((identity) => !this.#heard.has(identity));
    const refused = found.refused.filter(({ sender }) => !this.#asking.targets.has(sender));
    return { ...found, nodes: [...this.#asking.targets].sort(), silent, refused };
  }

  get size(): number {
    return this.#asking.targets.size + this.#undecided().length;
  }

  open(): readonly string[] {
    return [...this.#asking.open(), ...this.#undecided()];
  }

  running(): readonly string[] {
    return this.#asking.running();
  }

  hear(reply: Reply, key: string): void {
    const { sender } = reply;
    if (this.#asking.targets.has(sender)) {
      this.#asking.receive(reply, key);
      return;
    }
    const verdict = this.#judge(reply);
    if (verdict === undefined) return;
    if (verdict === 'matched') this.#admit(reply, key);
    if (verdict === 'refused') this.#refuse(reply, key);
    this.#heard.add(sender);
  }

  async ask(): Promise<number> {
    let isOver = false;
    const finding = this.#find().finally(() => {
      isOver = true;
      this.#parts.change.tell();
    });
    finding.catch(() => {});
    await this.#asking.settle(() => !isOver);
    await finding;
    this.#asking.leave(this.#start);
    return this.#start;
  }

  async #find(): Promise<void> {
    const { options } = this.#parts;
    const found = await this.#search.run();
    // Where the waiting was cut short, the request went to them all the same.
    const silent = [...found.silent, ...this.#search.open()];
    const refused = await this.#refused();
    this.#found = { ...found, silent, refused, byRequest: true, seconds: 0 };
    if (this.discovery) options.onDiscovered?.(this.discovery);
  }

  // A node that denies, or cannot judge the filter, does not say whether it is meant; to the question of a discovery it
  // does, and then its refusal is how its part of the call ended.
  async #refused(): Promise<Discovery['refused']> {
    const { router, wanted, options } = this.#parts;
    const { signal } = options;
    const names = [...this.#refusals.keys()];
    if (names.length === 0) return [];
    const { filter, collective } = wanted;
    const question = { filter, collective, everybody: true, ...(signal ? { signal } : {}) };
    // Many are asked by one message to all.
    const among = names.length > namesInMessage ? {} : { among: names };
    const judged = await discover(router, this.#presence, { ...question, ...among });
    for (const sender of judged.nodes) {
      const refusal = this.#refusals.get(sender);
      if (refusal && !this.#asking.targets.has(sender)) this.#admit(refusal.reply, refusal.key);
    }
    // Where the waiting was cut short, the others have not said anything either.
    const undecided = signal?.aborted ? names : judged.silent;
    const refused = new Map(undecided.map((sender) => [sender, this.#wordsOf(sender)]));
    for (const { sender, statusmsg } of judged.refused) refused.set(sender, statusmsg);
    return [...refused]
      .filter(([sender]) => this.#refusals.has(sender))
      .map(([sender, statusmsg]) => ({ sender, statusmsg }));
  }

  #admit(reply: Reply, key: string): void {
    this.#asking.expect([reply.sender], this.#start);
    this.#asking.receive(reply, key);
  }

  #refuse(reply: Reply, key: string): void {
    const { sender } = reply;
    this.#refusals.set(sender, { reply, key });
    const found = this.#found;
    // Nobody is asked any more whether it is meant.
    if (found && !this.#heard.has(sender))
      this.#found = { ...found, refused: [...found.refused, { sender, statusmsg: this.#wordsOf(sender) }] };
  }

  #wordsOf(sender: string): string {
    const reply = this.#refusals.get(sender)?.reply;
    return reply?.kind === 'result' ? reply.statusmsg : '';
  }

  #undecided(): readonly string[] {
    const refusing = this.#found ? [] : [...this.#refusals.keys()];
    return [...this.#search.open(), ...refusing.filter((sender) => !this.#asking.targets.has(sender))];
  }
}
