import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes to a topic in transactions that may overlap: {@code SERVERS TOPIC STEP…}.
 *
 * <p>Steps: {@code a=TEXT} writes a record in the transaction of producer a, {@code a+} commits that, {@code a-} aborts it. What is
 * not ended stays open, as if the producer had crashed.
 */
class Transactions {
    public static void main(String[] args) throws Exception {
        Map<String, KafkaProducer<String, String>> open = new LinkedHashMap<>();
        for (int step = 2; step < args.length; step++) {
            String text = args[step];
            int sign = text.indexOf('=');
            if (sign < 0) {
                KafkaProducer<String, String> producer = open.remove(text.substring(0, text.length() - 1));
                if (text.endsWith("+")) producer.commitTransaction();
                else producer.abortTransaction();
                producer.close();
            } else {
                String name = text.substring(0, sign);
                if (!open.containsKey(name)) open.put(name, begin(args[0], args[1] + "-" + name));
                open.get(name).send(new ProducerRecord<>(args[1], null, text.substring(sign + 1))).get();
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static KafkaProducer<String, String> begin(String servers, String id) {
        Map<String, Object> config = Map.of("bootstrap.servers", servers, "transactional.id", id, "transaction.timeout.ms", 600_000);
        KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        return producer;
    }
}
