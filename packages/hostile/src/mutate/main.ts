export async function mutate(_only: string | undefined): Promise<number> {
  return 1;
}
