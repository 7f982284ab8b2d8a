/** A request and a reply as rpcutil's ping has them: what bare payloads are as long as. */
export function sampleRequest() {
  return {
    v: 1,
    type: 'request',
    time: 1_700_000_000_000,
    id: '0123456789abcdef0123456789abcdef',
    ttl: 60,
    caller: 'bench.mcollective',
    session: '0123456789abcdef',
    collective: 'mcollective',
    agent: 'rpcutil',
    action: 'ping',
    filter: { facts: [], classes: [], agents: ['rpcutil'], identities: [], compound: [] },
    input: {},
  };
}

export function sampleReply() {
  return {
    v: 1,
    type: 'reply',
    id: '0123456789abcdef0123456789abcdef',
    time: 1_700_000_000_000,
    seq: 1,
    sender: 'node-1.fleet',
    caller: 'bench.mcollective',
    collective: 'mcollective',
    agent: 'rpcutil',
    action: 'ping',
    kind: 'result',
    outcome: 'ok',
    statuscode: 0,
    statusmsg: 'OK',
    data: { pong: 1_700_000_000 },
    ddl: '1.0.0',
    session: '0123456789abcdef',
  };
}

/** Bytes of a message as JSON. */
export const sizeOf = (message) => Buffer.byteLength(JSON.stringify(message));
