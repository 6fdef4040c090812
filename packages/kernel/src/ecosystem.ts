/** Purl types that the analysis surface takes (package-analysis contract §2). */
export type Ecosystem = 'npm' | 'pypi' | 'vscode-extension';

export const ecosystems = ['npm', 'pypi', 'vscode-extension'] as const satisfies readonly Ecosystem[];

export function isEcosystem(text: string): text is Ecosystem {
  return (ecosystems as readonly string[]).includes(text);
}
