import type { Reply } from '@troupe/core';
import { naturalOrder } from '@troupe/core/internal';
import { namesInMessage } from '../connection/node-messages.js';
import type { OwnRequest } from '../connection/outgoing.js';
import { discover } from '../discovery/broadcast.js';
import type { Discovery } from '../discovery/discovery.js';
import { matchOfRequest, type ReadMatch } from '../discovery/match-answer.js';
import { Search } from '../discovery/search.js';
import type { PresenceView } from '../presence/presence-view.js';
import { RequestRounds } from './request-rounds.js';
import type { TargetSet, TargetSetParts } from './target-set.js';

/**
 * A call to all nodes that are online: the request itself asks whether a node matches, and those that run it are its
 * targets. A node that answers neither is asked again, and ends as one that was silent.
 */
export class BroadcastCall implements TargetSet {
  // no peer fills this: it stays empty
  readonly unexpected = [];
  readonly stopped = undefined;
  readonly #parts: TargetSetParts;
  readonly #presence: PresenceView;
  readonly #start = Date.now();
  readonly #search: Search;
  readonly #rounds: RequestRounds;
  readonly #readMatch: ReadMatch;
  // no peer fills this: a node that is not authenticated is in no list of a call; each has one entry
  readonly #heard = new Set<string>();
  /** How those answered that did not say whether they are meant. */
  // bound: refusals of a call | nodes, one reply each | one for each node, until the call ends | 1 MiB each | a
  // second reply of a node replaces the first
  readonly #refusals = new Map<string, { readonly reply: Reply; readonly key: string }>();
  #found: Discovery | undefined;

  constructor(parts: TargetSetParts, presence: PresenceView, given: OwnRequest) {
    const { router, options, wanted } = parts;
    this.#parts = parts;
    this.#presence = presence;
    const message = { ...given, time: this.#start };
    this.#readMatch = matchOfRequest(message.filter);
    const { signal } = options;
    const question = { message, readMatch: this.#readMatch, answerUnmatched: true };
    const { earlier } = wanted;
    this.#search = new Search(router, presence, question, {
      ...(earlier && { earlier }),
      ...(signal ? { signal } : {}),
    });
    this.#rounds = new RequestRounds({ ...parts, presence: parts.view }, message);
  }

  get discovery(): Discovery | undefined {
    const found = this.#found;
    if (!found) return undefined;
    // Some may have answered since.
    const silent = found.silent.filter((identity) => !this.#heard.has(identity));
    const refused = found.refused.filter(({ sender }) => !this.#rounds.targets.has(sender));
    const nodes = [...this.#rounds.targets].sort(naturalOrder);
    const unreachable = found.unreachable?.filter((identity) => !this.#heard.has(identity));
    return { ...found, nodes, silent, refused, ...(unreachable && { unreachable }) };
  }

  get size(): number {
    return this.#rounds.targets.size + this.#undecided().length;
  }

  open(): readonly string[] {
    return [...this.#rounds.open(), ...this.#undecided()];
  }

  running(): readonly string[] {
    return this.#rounds.running();
  }

  receive(reply: Reply, key: string): void {
    const { sender } = reply;
    if (this.#rounds.targets.has(sender)) {
      this.#rounds.receive(reply, key);
      return;
    }
    const match = this.#readMatch(reply);
    if (match === undefined) return;
    if (match === 'matched') this.#admit(reply, key);
    if (match === 'refused') this.#refuse(reply, key);
    this.#heard.add(sender);
  }

  async ask(): Promise<number> {
    let isOver = false;
    const finding = this.#find().finally(() => {
      isOver = true;
      this.#parts.wakeUp.notify();
    });
    finding.catch(() => {});
    await this.#rounds.settle(() => !isOver);
    await finding;
    this.#rounds.leave(this.#start);
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
    const question = { filter, collective, answerUnmatched: true, ...(signal ? { signal } : {}) };
    // Many are asked by one message to all.
    const among = names.length > namesInMessage ? {} : { among: names };
    const judged = await discover(router, this.#presence, { ...question, ...among });
    for (const sender of judged.nodes) {
      const refusal = this.#refusals.get(sender);
      if (refusal && !this.#rounds.targets.has(sender)) this.#admit(refusal.reply, refusal.key);
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
    this.#rounds.expect([reply.sender], this.#start);
    this.#rounds.receive(reply, key);
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
    return [...this.#search.open(), ...refusing.filter((sender) => !this.#rounds.targets.has(sender))];
  }
}
