/** The version of the contract of the provision agent (docs/reference/provision-agent.md) that this agent fulfils. */
export const contractVersion = 1;
