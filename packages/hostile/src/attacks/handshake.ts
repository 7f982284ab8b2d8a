import { type Agreed, agreed, contextOf, fingerprintOf, newOffer } from '../agreement.js';
import type { AttackNetwork } from '../attack-network.js';
import { headerOf } from '../jws.js';
import { answerTo, type Exchange } from './victim.js';

/** A key is offered and one is offered back: what both ends know then. The request is one that the victim refuses, so that nothing runs. */
export async function handshake(
  network: AttackNetwork,
  own: string,
  who = 'eve.mcollective',
  exchange: Exchange = {},
): Promise<{ readonly context: string; readonly offered: string }> {
  const epk = { kty: 'OKP', crv: 'X25519', x: own };
  const request = network.request({ action: 'no-such', caller: who });
  const account = exchange.account ?? (who === 'eve.mcollective' ? network.eve : await network.join(who));
  const bytes = network.sign(who, request, { epk });
  const header = headerOf(await answerTo(network, request.id, bytes, { caller: who, account, ...exchange }));
  const { epk: offer } = header as { epk: { x: string } };
  const caller = { fingerprint: fingerprintOf({ x5c: network.person(who).x5c }), x: own };
  return { context: contextOf(caller, { fingerprint: fingerprintOf(header), x: offer.x }), offered: offer.x };
}

/** A caller, eve unless told, agrees on a key with the victim. */
export async function agree(
  network: AttackNetwork,
  who = 'eve.mcollective',
  exchange: Exchange = {},
): Promise<Agreed> {
  const { privateKey, x } = newOffer();
  const { context, offered } = await handshake(network, x, who, exchange);
  return agreed(context, privateKey, offered);
}
