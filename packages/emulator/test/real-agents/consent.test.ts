import { type Agent, defineAgent } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkConsent } from '../../src/real-agents/consent.js';

const agent = (name: string, actions: Readonly<Record<string, boolean | undefined>>): Agent => {
  const metadata = {
    name,
    description: 'd',
    author: 'a',
    license: 'l',
    version: '1.0.0',
    url: 'u',
    timeout: 5,
  };
  const ddls = Object.entries(actions).map(([action, mutating]) => {
    return { action, description: 'd', input: {}, output: {}, ...(mutating !== undefined && { mutating }) };
  });
  return defineAgent({ metadata, actions: ddls } as never, () => undefined);
};
const changing = agent('disk', { wipe: true, clean: undefined, show: false });
const reading = agent('gauge', { read: false });

const both =
  '(agent disk: wipe, clean may change it; agent gauge: no action changes it, but programs may run on it)';
const hundred = '100 nodes run each action, so a call to all nodes acts up to 100 times';

describe('the consent to real agents', () => {
  const none = { isAllowed: false, isConfirmed: false, ask: undefined };
  const answering = (answer: string, questions: string[] = []) => ({
    isAllowed: true,
    isConfirmed: false,
    ask: async (question: string) => {
      questions.push(question);
      return answer;
    },
  });
  const refusal = (...args: Parameters<typeof checkConsent>) =>
    checkConsent(...args).then(String, (error: Error & { code?: string }) => error);

  for (const [what, agents] of [
    ['no agents', []],
    ['an agent whose actions all declare that they change nothing', [reading]],
  ] as const)
    it(`is not needed for ${what}, which then run no programs`, async () => {
      expect(await checkConsent(agents, 100, none)).to.equal(false);
    });

  it('is needed for an agent with an action that may change the host, and names what it would do how often', async () => {
    for (const isConfirmed of [false, true])
      expect(await refusal([reading, changing], 100, { ...none, isConfirmed })).to.have.property(
        'message',
        `--agent acts on this host (agent disk: wipe, clean may change it); ${hundred}. To emulate an agent, use --mock with its DDL; to let it act on this host, use --real-agents`,
      );
  });

  it('is confirmed by yes on a terminal, and by no other answer', async () => {
    const questions: string[] = [];
    expect(await checkConsent([changing, reading], 100, answering(' yes\n', questions))).to.equal(true);
    expect(questions).to.deep.equal([`--agent acts on this host ${both}; ${hundred}. Type yes to start: `]);
    for (const answer of ['', 'y', 'no', 'YES!'])
      expect(await refusal([changing], 100, answering(answer))).to.include({
        code: 'NOT_CONFIRMED',
        message: 'not confirmed: no node was started',
      });
  });

  it('is confirmed by --yes if there is no terminal, and otherwise missing', async () => {
    expect(await checkConsent([changing], 1, { ...none, isAllowed: true, isConfirmed: true })).to.equal(true);
    expect(await refusal([changing], 1, { ...none, isAllowed: true })).to.have.property(
      'message',
      '--agent acts on this host (agent disk: wipe, clean may change it); the only node runs an action, so a call to all nodes acts once. There is no terminal to ask on: add --yes to confirm --real-agents',
    );
  });

  it('asks nothing if no agent is loaded', async () => {
    expect(await checkConsent([], 100, { ...none, isAllowed: true })).to.equal(true);
  });
});
