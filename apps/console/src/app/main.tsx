import { MantineProvider, createTheme, localStorageColorSchemeManager } from '@mantine/core';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider, hashKey } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from '../api/problem.ts';
import { rememberSignedIn, sessionQuery } from '../api/queries.ts';
import { StepUp } from '../rooms/sign-in/step-up.tsx';
import { TooManySessions } from '../rooms/sign-in/too-many-sessions.tsx';
import { App } from './app.tsx';

/**
 * A session that ended, or may do less than it did, is noticed by whichever request comes first; the sign-in room then stands
 * over the same address, or the rooms are those of the new role.
 */
function noticeEndedSession(error: Error): void {
  if (!(error instanceof Problem) || (error.status !== 401 && error.code !== 'scope_missing')) return;
  if (queries.getQueryData(sessionQuery.queryKey) !== null) {
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  }
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeEndedSession }),
  mutationCache: new MutationCache({ onError: noticeEndedSession }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});

const sessionHash = hashKey(sessionQuery.queryKey);
queries.getQueryCache().subscribe(({ query }) => {
  if (query.queryHash === sessionHash) rememberSignedIn(queries.getQueryData(sessionQuery.queryKey));
});

// No variables and classes of its own: Mantine would write them into a style tag, which the content security policy
// refuses. They are in tokens.css. A dialog that holds the page behind it still would write a style tag as well.
const theme = createTheme({
  primaryColor: 'blue',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: { Modal: { defaultProps: { lockScroll: false, closeButtonProps: { 'aria-label': 'Close' } } } },
});
const root = document.querySelector('#root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={localStorageColorSchemeManager({ key: 'sallyport.theme' })}
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <QueryClientProvider client={queries}>
          <App />
          <StepUp />
          <TooManySessions />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
