import { localDdl, localDdls } from '@troupe/client';
import type { PolicyNames } from '@troupe/daemon';
import type { GlobalOptions } from '../../command-line/options.js';
import { clientConfigIfAny } from '../../config/client-config.js';

/** The agents whose DDLs are on this machine, and their actions. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export async function knownNames(
  options: Pick<GlobalOptions, 'config'>,
): Promise<Required<Pick<PolicyNames, 'actions' | 'agents'>>> {
  const config = clientConfigIfAny(options);
  const agents = [...(await localDdls(config)).keys()];
  // A DDL that cannot be read is not the concern of a policy.
  const ddls = await Promise.all(agents.map((agent) => localDdl(config, agent).catch(() => undefined)));
  const actions = new Map(
    ddls.flatMap((ddl) => (ddl ? [[ddl.metadata.name, ddl.actions.map(({ action }) => action)]] : [])),
  );
  return { actions: (agent) => actions.get(agent), agents: () => agents };
}
