import { stat } from 'node:fs/promises';
import {
  ActionError,
  type Agent,
  type AgentConfig,
  type AnyHandler,
  type Context,
  type Ddl,
  type Host,
  type Logger,
  messageOf,
  Status,
  TroupeError,
} from '@troupe/core';
import { diskFaultOf } from '@troupe/core/internal';
import { unsafeFault } from '@troupe/core/trusted-path';
import { exchange } from './exchange.js';
import {
  activationProtocol,
  activationRequest,
  answerOf,
  rpcProtocol,
  rpcRequest,
  saysActive,
} from './protocol.js';
import { provisionData, withHostPart } from './provision-role.js';

/** Milliseconds that an agent has to say whether it applies to this host. */
const activationTime = 2000;
/** Milliseconds that the provision agent has to say how far it is, where a filter asks. */
const dataTime = 10_000;

export interface ExternalAgentOptions {
  readonly ddl: Ddl;
  /** Where the agent's program may be; the first file of these is it. */
  readonly commands: readonly string[];
  /** The file that the agent gets as its configuration; otherwise one made of its section under `plugins`. */
  readonly configFile?: string;
  /** It is the provision agent of the host: the daemon does what a program that has ended cannot do. */
  readonly isProvision?: boolean;
}

/**
 * Makes an agent of a program in any language that speaks Choria's external agent protocol v1. It applies to a host
 * when its program is there and says so.
 */
export function externalAgent(options: ExternalAgentOptions): Agent {
  const { ddl, commands, configFile, isProvision = false } = options;
  const { name } = ddl.metadata;

  const setup = async (section: AgentConfig, host: Host) => {
    const command = await firstFile(commands);
    if (command === undefined)
      throw new TroupeError(
        'AGENT_INVALID',
        `the program of the external agent was not found: none of ${commands.join(', ')} exists`,
      );
    const config = configFile === undefined ? { lines: configLines(name, section) } : { file: configFile };
    const { identity, stateDir, facts } = host;
    const common = { agent: name, command, config, facts, identity, stateDir };
    if (!(await isActive(common, host))) return undefined;
    const running = new Set<Promise<unknown>>();
    host.onClose(async () => {
      await Promise.allSettled(running);
    });
    const handlerOf = (action: Ddl['actions'][number]): AnyHandler => {
      return (input, context) => {
        const reply = call(common, action, input, context);
        running.add(reply);
        const done = () => running.delete(reply);
        reply.then(done, done);
        return reply;
      };
    };
    const handlers = Object.fromEntries(ddl.actions.map((action) => [action.action, handlerOf(action)]));
    if (!isProvision) return handlers;
    const status = ddl.actions.find(({ action }) => action === 'status');
    host.provideData('provision', async () => {
      if (!status) return provisionData({});
      return provisionData(await ask(common, status.action, AbortSignal.timeout(dataTime), host.log));
    });
    return withHostPart(handlers, host);
  };

  return { ddl, compileOptions: { unknownValidators: 'skip' }, setup };
}

interface Common {
  readonly agent: string;
  readonly identity: string;
  readonly stateDir: string;
  readonly command: string;
  readonly config: { readonly file: string } | { readonly lines: string };
  readonly facts: Host['facts'];
}

async function call(
  common: Common,
  action: Ddl['actions'][number],
  input: Record<string, unknown>,
  context: Context,
): Promise<Record<string, unknown>> {
  const { signal, log } = context;
  // It may have changed since it was loaded.
  const fault = unsafeFault(common.command);
  if (fault !== undefined)
    throw new ActionError(`the external agent "${common.agent}" is not run: ${fault}`, Status.aborted);
  const reply = await exchange({
    ...common,
    facts: common.facts(),
    protocol: rpcProtocol,
    request: rpcRequest(common.agent, action.action, input, context),
    signal,
    log,
    traceparent: context.traceparent,
    ...(action.progress === true && { progress: (data: unknown) => context.progress(data) }),
  });
  const { statusmsg, data } = answerOf(common.agent, reply);
  if (statusmsg !== '') context.statusmsg(statusmsg);
  return data;
}

// An action without input, called by the daemon itself.
async function ask(
  common: Common,
  action: string,
  signal: AbortSignal,
  log: Logger,
): Promise<Record<string, unknown>> {
  const fault = unsafeFault(common.command);
  if (fault !== undefined) throw new Error(`the external agent "${common.agent}" is not run: ${fault}`);
  const context = { requestId: 'data', caller: common.identity, collective: '', ttlSeconds: 60 };
  const reply = await exchange({
    ...common,
    facts: common.facts(),
    protocol: rpcProtocol,
    request: rpcRequest(common.agent, action, {}, { ...context, requestedAt: Date.now() }),
    signal,
    log,
  });
  return answerOf(common.agent, reply).data;
}

// An agent that cannot say whether it applies is broken, and not one that does not apply.
async function isActive(common: Common, { log }: Host): Promise<boolean> {
  try {
    const reply = await exchange({
      ...common,
      facts: common.facts(),
      protocol: activationProtocol,
      request: activationRequest(common.agent),
      signal: AbortSignal.timeout(activationTime),
      log,
    });
    return saysActive(reply);
  } catch (cause) {
    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError';
    const reason = isLate
      ? `no reply within ${activationTime / 1000} s`
      : (diskFaultOf(cause) ?? messageOf(cause));
    throw new TroupeError('AGENT_INVALID', `the activation check failed: ${reason}`, { cause });
  }
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile()) return path;
  }
  return undefined;
}

// MCollective's format of a plugin's configuration, which the libraries of external agents read.
function configLines(agent: string, section: AgentConfig): string {
  return Object.entries(section)
    .map(([key, value]) => {
      const isPlain = ['string', 'number', 'boolean'].includes(typeof value) && !/[\r\n]/.test(String(value));
      if (!isPlain || !/^[\w.-]+$/.test(key)) {
        const why =
          'the configuration of an external agent can hold only numbers, booleans and single-line strings';
        throw new TroupeError('CONFIG_INVALID', `plugins.${agent}.${key}: ${why}`);
      }
      return `${key} = ${value}\n`;
    })
    .join('');
}
