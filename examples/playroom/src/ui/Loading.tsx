export const Loading = () => (
  <div className="loading" role="status">
    Setting the table…
  </div>
);
