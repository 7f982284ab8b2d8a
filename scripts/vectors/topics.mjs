const names = { collective: 'mcollective', identity: 'web1.example.com', caller: 'rip.mcollective' };
const session = 'v2-0f1e2d3c4b5a6978';
const id = '0123456789abcdef0123456789abcdef';

/** Every kind of topic, in both spellings. `Topics` is the product's. */
export function topicVectors(Topics) {
  const { collective, identity, caller } = names;
  return [false, true].flatMap((isEscaped) => {
    const topics = new Topics({ escape: isEscaped });
    return [
      { kind: 'agent', v: 2, agent: 'puppetd', topic: topics.agent(collective, 'puppetd', 2) },
      { kind: 'agent', v: 1, agent: 'puppetd', topic: topics.agent(collective, 'puppetd', 1) },
      { kind: 'node', identity, topic: topics.node(collective, identity) },
      {
        kind: 'reply',
        caller,
        session,
        identity,
        topic: topics.reply(collective, caller, session, identity),
      },
      { kind: 'presence', identity, topic: topics.presence(collective, identity) },
      { kind: 'event', identity, topic: topics.event(collective, identity) },
      { kind: 'file', caller, id, piece: 12, topic: topics.file(collective, caller, id, 12) },
    ].map(({ topic, ...parts }) => ({ escape: isEscaped, collective, ...parts, topic }));
  });
}
