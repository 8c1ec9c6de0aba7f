import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs Nexmark queries on Flink in this process: for each one a small run that loads the classes, a second one
 * that measures the start-up of a job, then the whole one. Prints "query seconds-of-small seconds-of-whole" per line.
 *
 * Usage: RunNexmark SQL_FOLDER SMALL_EVENTS EVENTS WORK PARALLELISM QUERY...
 */
public class RunNexmark {
    public static void main(String[] args) throws Exception {
        Path sql = Path.of(args[0]);
        for (int i = 5; i < args.length; i++) {
            try {
                run(sql, args[i], args[1], args[3], args[4]);
                double small = run(sql, args[i], args[1], args[3], args[4]);
                double whole = run(sql, args[i], args[2], args[3], args[4]);
                System.out.printf("%s %.3f %.3f%n", args[i], small, whole);
            } catch (Exception error) {
                Throwable cause = error;
                while (cause.getCause() != null) cause = cause.getCause();
                System.out.printf("%s failed: %s%n", args[i], String.valueOf(cause.getMessage()).lines().findFirst().orElse(""));
            }
            System.out.flush();
        }
    }

    static double run(Path sql, String query, String events, String work, String parallelism) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", parallelism);
        configuration.setString("state.backend.type", "rocksdb");
        configuration.setString("execution.checkpointing.interval", "10 s");
        configuration.setString("execution.checkpointing.incremental", "true");
        // Otherwise a job whose input has ended waits for the next checkpoint, and the time measured comes in steps of 10 s.
        configuration.setString("execution.checkpointing.checkpoints-after-tasks-finish", "false");
        configuration.setString("execution.checkpointing.dir", "file://" + work + "/checkpoints");
        configuration.setString("table.local-time-zone", "UTC");
        configuration.setString("rest.port", "0");
        TableEnvironment environment = TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        String source = "'connector' = 'filesystem', 'path' = 'file://" + events + "', 'format' = 'json'";
        String text = Files.readString(sql.resolve("events.sql")).replace("${SOURCE}", source)
            + Files.readString(sql.resolve("views.sql"))
            + Files.readString(sql.resolve(query + ".sql")).replace("${WORK}", work);
        long start = System.nanoTime();
        for (String statement : text.split(";\\s*\\n")) {
            if (statement.isBlank()) continue;
            var result = environment.executeSql(statement);
            if (result.getJobClient().isPresent()) result.await();
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
