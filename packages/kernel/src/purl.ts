export type Ecosystem = 'npm' | 'pypi' | 'vscode-extension';
