import { expect } from 'chai';
import { describe, it } from 'mocha';
import { JsonOutput } from '../../src/application/index.js';
import { type Result, statsOf } from '../../src/index.js';

const replies: readonly Result[] = [
  { sender: 'a', state: 'ok', ok: true, statuscode: 0, statusmsg: 'OK', data: { x: 1 }, seconds: 0.5 },
  { sender: 'b', state: 'offline', ok: false, statusmsg: 'away', data: {}, seconds: 0.5 },
];

describe('the JSON of a command', () => {
  function printed(options: { isLines?: boolean; isWatched?: boolean }, work: (json: JsonOutput) => void) {
    const lines: string[] = [];
    const json = new JsonOutput((text) => lines.push(text), options);
    json.command = 'job list';
    work(json);
    json.end();
    return lines;
  }
  const parsed = (...given: Parameters<typeof printed>) => printed(...given).map((line) => JSON.parse(line));

  it('says whether it comes in lines', () => {
    for (const isLines of [true, false])
      printed({ isLines }, (json) => expect(json.isLines).to.equal(isLines));
  });

  it('has all keys of the envelope although there is nothing to say', () => {
    expect(printed({}, () => {})).to.deep.equal([
      '{"version":1,"command":"job list","results":[],"statistics":null,"errors":[]}',
    ]);
  });

  const everything = (json: JsonOutput) => {
    json.event('progress', { sender: 'a', data: 'half way' });
    for (const reply of replies) json.reply(reply);
    json.fail({ code: 'INTERRUPTED', message: 'interrupted', hint: 'again' });
    const stats = statsOf('0'.repeat(32), replies, { discoverySeconds: 1, callSeconds: 2 });
    json.summarizeCall(stats, 130, { agent: 'lab' });
  };
  const results = [
    { sender: 'a', state: 'ok', statuscode: 0, statusmsg: 'OK', data: { x: 1 }, seconds: 0.5 },
    { sender: 'b', state: 'offline', statuscode: null, statusmsg: 'away', data: {}, seconds: 0.5 },
  ];

  it('is a document with the results, the statistics, the errors, and its own keys last', () => {
    const [document] = parsed({}, everything);
    expect(Object.keys(document)).to.deep.equal([
      ...['version', 'command', 'results', 'statistics', 'errors'],
      'agent',
    ]);
    expect(document.results).to.deep.equal(results);
    expect(document.statistics).to.deep.include({
      ...{ asked: 2, responses: 1, ok: 1, failed: 0, no_responses: ['b'], exit_code: 130 },
      by_state: { ok: ['a'], offline: ['b'] },
    });
    expect(document.errors).to.deep.equal([{ code: 'INTERRUPTED', message: 'interrupted', hint: 'again' }]);
  });

  it('is a line for each thing, an error last', () => {
    const lines = parsed({ isLines: true }, everything);
    expect(lines.map(({ kind }) => kind)).to.deep.equal([
      ...['progress', 'result', 'result', 'summary', 'statistics', 'error'],
    ]);
    expect(lines[1]).to.deep.equal({ version: 1, kind: 'result', ...results[0] });
  });

  it('comes in lines where a command runs until it is stopped', () => {
    const lines = parsed({}, (json) => {
      json.stream();
      json.result({ x: 1 });
    });
    expect(lines).to.deep.equal([{ version: 1, kind: 'result', x: 1 }]);
  });

  it('is indented on a terminal, but for lines', () => {
    expect(printed({ isWatched: true }, () => {})[0]).to.match(/^\{\n {2}"version": 1,\n/);
    const lines = printed({ isWatched: true, isLines: true }, (json) => json.result({ x: 1 }));
    expect(lines).to.deep.equal(['{"version":1,"kind":"result","x":1}']);
  });

  it('has no character that can play with a terminal', () => {
    const x = '\u001b[2J\u009b2J\u007f\u202e\u200b';
    const [text = ''] = printed({}, (json) => json.result({ x }));
    expect(text).to.include('"x":"\\u001b[2J\\u009b2J\\u007f\\u202e\\u200b"');
    expect(JSON.parse(text).results[0].x).to.equal(x);
  });
});
