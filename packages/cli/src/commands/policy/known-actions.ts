import { localDdl, localDdls } from '@troupe/client';
import type { GlobalOptions } from '../../command-line/options.js';
import { clientConfigIfAny } from '../../config/client-config.js';

/** The actions of the agents whose DDLs are on this machine. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export async function knownActions(
  options: Pick<GlobalOptions, 'config'>,
): Promise<(agent: string) => readonly string[] | undefined> {
  const config = clientConfigIfAny(options);
  const agents = [...(await localDdls(config)).keys()];
  // A DDL that cannot be read is not the concern of a policy.
  const ddls = await Promise.all(agents.map((agent) => localDdl(config, agent).catch(() => undefined)));
  const actions = new Map(
    ddls.flatMap((ddl) => (ddl ? [[ddl.metadata.name, ddl.actions.map(({ action }) => action)]] : [])),
  );
  return (agent) => actions.get(agent);
}
